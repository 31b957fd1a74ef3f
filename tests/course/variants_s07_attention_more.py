"""More right answers in other clothes for stage 7: looks in NumPy and in torch, and additive attention."""

import math

import numpy as np
import torch
from torch.nn import functional


class Looked:
    """What a look leaves for the way back."""

    def __init__(self, prev_h, A, weights):
        self.state, self.map, self.weights = prev_h, A, weights

    def back(self, dattn):
        """Gradients of state and map."""
        N, H, R, C = self.map.shape
        dA = np.empty_like(self.map)
        dweights = np.tensordot(dattn, self.map, axes=(1, 1))[np.arange(N), np.arange(N)]
        dscores = self.weights * (dweights - (self.weights * dweights).sum((1, 2), keepdims=True))
        dscores /= math.sqrt(H)
        for r in range(R):
            for c in range(C):
                dA[..., r, c] = dattn * self.weights[:, r, c, None] + self.state * dscores[:, r, c, None]
        return (dscores.reshape(N, 1, R * C) * self.map.reshape(N, H, R * C)).sum(axis=2), dA


def look_with_an_object_for_a_cache(namespace):
    """Work in place on arrays of its own; the cache is an object with a method for the way back."""

    def dot_product_attention_forward(prev_h, A):
        e = np.einsum("nh,nhrc->nrc", prev_h, A)
        e /= math.sqrt(len(prev_h[0]))
        e -= e.max(axis=(1, 2), keepdims=True)
        np.exp(e, out=e)
        e /= e.sum(axis=(1, 2), keepdims=True)
        return np.einsum("nrc,nhrc->nh", e, A), e, Looked(prev_h, A, e)

    namespace["dot_product_attention_forward"] = dot_product_attention_forward
    namespace["dot_product_attention_backward"] = lambda dattn, cache: cache.back(dattn)


def look_image_after_image(namespace):
    """Each image for itself with vectors and matrices; the cache is a list of them."""

    def dot_product_attention_forward(prev_h, A):
        seen, maps, cache = [], [], []
        for h, image in zip(prev_h, A, strict=True):
            places = image.reshape(len(h), -1).T
            e = places.dot(h) / float(np.sqrt(h.size))
            w = np.exp(e - np.log(np.exp(e - e.max()).sum()) - e.max())
            seen.append(w @ places)
            maps.append(w.reshape(image.shape[1:]))
            cache += [(h, places, w)]
        return np.stack(seen), np.array(maps), (cache, A.shape[2:])

    def dot_product_attention_backward(dattn, cache):
        images, size = cache
        dh, dA = [], []
        for d, (h, places, w) in zip(dattn, images, strict=True):
            de = (np.diag(w) - np.outer(w, w)) @ (places @ d) / float(np.sqrt(h.size))
            dh.append(de @ places)
            dA.append((np.outer(w, d) + np.outer(de, h)).T.reshape(-1, *size))
        return np.array(dh), np.array(dA)

    namespace["dot_product_attention_forward"] = dot_product_attention_forward
    namespace["dot_product_attention_backward"] = dot_product_attention_backward


def look_in_doubles(namespace):
    """Long floats inside, short ones outside; the mean of the slopes is taken as what was seen times dattn."""

    def dot_product_attention_forward(prev_h, A):
        state, flat = prev_h.astype(np.float64), A.astype(np.float64).reshape(*A.shape[:2], -1)
        e = (state[:, None] @ flat)[:, 0] / np.sqrt(A.shape[1])
        weights = np.exp(e - e.max(1)[:, None])
        weights = weights / np.sum(weights, axis=1)[:, np.newaxis]
        attn = np.sum(weights[:, None] * flat, axis=-1)
        short = weights.reshape(A.shape[0], *A.shape[2:]).astype(A.dtype)
        return attn.astype(A.dtype), short, {"h": state, "flat": flat, "w": weights, "z": attn, "like": A}

    def dot_product_attention_backward(dattn, cache):
        d, flat, w, like = dattn.astype(np.float64), cache["flat"], cache["w"], cache["like"]
        slopes = (d[:, None] @ flat)[:, 0] - np.sum(d * cache["z"], axis=1, keepdims=True)
        de = w * slopes / np.sqrt(flat.shape[1])
        dA = np.stack([w, de], axis=2) @ np.stack([d, cache["h"]], axis=1)
        dA = dA.transpose(0, 2, 1).reshape(like.shape)
        return (flat @ de[:, :, None])[..., 0].astype(like.dtype), dA.astype(like.dtype)

    namespace["dot_product_attention_forward"] = dot_product_attention_forward
    namespace["dot_product_attention_backward"] = dot_product_attention_backward


def torch_look_as_a_grouped_convolution(namespace):
    """Each state is a filter of one pixel for its own image."""

    def dot_product_attention(prev_h, A):
        N, H, R, C = A.shape
        scores = functional.conv2d(A.reshape(1, N * H, R, C), prev_h.reshape(N, H, 1, 1), groups=N)[0]
        weights = (scores / math.sqrt(H)).reshape(N, -1).softmax(dim=1).reshape(N, R, C)
        return (A * weights[:, None]).flatten(2).sum(dim=2), weights

    namespace["dot_product_attention"] = dot_product_attention


def torch_look_image_by_image(namespace):
    """A loop over the batch, matrices times vectors."""

    def dot_product_attention(prev_h, A):
        attn, maps = [], []
        for h, image in zip(prev_h, A, strict=True):
            places = image.reshape(image.shape[0], -1)
            w = torch.softmax(h @ places * h.numel() ** -0.5, dim=0)
            attn.append(places @ w)
            maps.append(w.view(image.shape[1:]))
        return torch.stack(attn), torch.stack(maps)

    namespace["dot_product_attention"] = dot_product_attention


def torch_look_with_logsumexp(namespace):
    """Four dimensions throughout; the weights as an exponential less a logsumexp."""

    def dot_product_attention(prev_h, A):
        e = torch.einsum("nh,nhrc->nrc", prev_h, A) / np.sqrt(prev_h.shape[-1])
        weights = torch.exp(e - e.logsumexp(dim=(1, 2), keepdim=True))
        return torch.einsum("nrc,nhrc->nh", weights, A), weights

    namespace["dot_product_attention"] = dot_product_attention


def torch_look_with_features_last(namespace):
    """Places before features, as attention is mostly written; the exponentials by hand."""

    def softmax(e):
        e = (e - e.amax(dim=-2, keepdim=True)).exp()
        return e / e.sum(dim=-2, keepdim=True)

    def dot_product_attention(prev_h, A):
        N, H, *size = A.shape
        places = A.permute(0, 2, 3, 1).reshape(N, -1, H)
        weights = softmax(places @ prev_h.unsqueeze(-1) / torch.tensor(H, dtype=A.dtype).sqrt())
        return (weights * places).sum(dim=1), weights.squeeze(-1).unflatten(1, size)

    namespace["dot_product_attention"] = dot_product_attention


def ask_place_by_place(namespace):
    """A loop over the places, and a running sum of what is seen."""

    def additive_attention(query, keys, values, v):
        L = keys.shape[1]
        scores = torch.stack([(torch.tanh(query + keys[:, k]) * v).sum(dim=1) for k in range(L)], dim=1)
        weights = torch.softmax(scores, dim=1)
        attn = torch.zeros_like(values[:, 0])
        for k in range(L):
            attn = attn + weights[:, k : k + 1] * values[:, k]
        return attn, weights

    namespace["additive_attention"] = additive_attention


def ask_with_columns(namespace):
    """v as a column, scores (N, L, 1) to the end; the softmax by hand."""

    def additive_attention(query, keys, values, v):
        compared = torch.add(keys, query.view(query.size(0), 1, query.size(1))).tanh()
        e = compared.matmul(v.unsqueeze(1))
        e = torch.exp(e - e.max(dim=1, keepdim=True).values.detach())
        w = e / e.sum(dim=1, keepdim=True)
        return torch.matmul(w.transpose(1, 2), values).squeeze(1), w.squeeze(2)

    namespace["additive_attention"] = additive_attention


def ask_over_all_places_at_once(namespace):
    """All places of all images as the rows of one matrix."""

    def additive_attention(query, keys, values, v):
        N, L, Q = keys.shape
        rows = torch.repeat_interleave(query, L, dim=0) + keys.reshape(N * L, Q)
        weights = functional.softmax(torch.mv(torch.tanh(rows), v).reshape(N, L), -1)
        return torch.bmm(weights.unsqueeze(1), values).reshape(N, -1), weights

    namespace["additive_attention"] = additive_attention


LOOKS = [
    look_with_an_object_for_a_cache,
    look_image_after_image,
    look_in_doubles,
    torch_look_as_a_grouped_convolution,
    torch_look_image_by_image,
    torch_look_with_logsumexp,
    torch_look_with_features_last,
    ask_place_by_place,
    ask_with_columns,
    ask_over_all_places_at_once,
]
