"""The named mistakes of stage 5, second part: sentences in, verdicts and sentences out."""

from autograder.suite import Mistake

SOURCES = "packed = pack_padded_sequence(vectors, source_lengths.cpu(), batch_first=True, enforce_sorted=False)"
SORTED = (
    "known, order = {}.cpu().sort(descending=True)\n"
    "        packed = pack_padded_sequence(vectors[order], known, batch_first=True)"
)
LAST = "last = states[torch.arange(len(words), device=words.device), lengths - 1]\n        h = last.chunk(2, dim=1)"
MEAN_OF_MEANS = (
    "wanted = target[:, 1:]\n"
    '        each = F.cross_entropy(scores.transpose(1, 2), wanted, ignore_index=NULL, reduction="none")\n'
    "        return (each.sum(dim=1) / (wanted != NULL).sum(dim=1)).mean()"
)
READ = "_, (h, _) = self.lstm(packed)"
JOIN = "scores: Tensor = self.head(torch.cat([h[0], h[1]], dim=1))"
PACK = "packed = pack_padded_sequence(vectors, lengths.cpu(), batch_first=True, enforce_sorted=False)"
ENCODE = "_, (h, c) = self.encoder(packed)"
DECODE = "states, _ = self.decoder(self.target_embedding(target[:, :-1]), state)"
COST = "return F.cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten(), ignore_index=NULL)"
SPEAK = "states, state = self.decoder(self.target_embedding(word), state)"
SAID = "words.append(word.masked_fill(ended, NULL))"
STOP = "ended = ended | (word == END)"

SENTIMENT = (
    Mistake(
        "sentiment_counts_words_itself",
        "SentimentClassifier",
        ((PACK, PACK.replace("lengths.cpu()", "(words != NULL).sum(dim=1).cpu()")),),
        "all is right as long as nothing but NULL stands behind the ends.",
        "What tells you where a sentence ends?",
    ),
    Mistake(
        "sentiment_reads_padding",
        "SentimentClassifier",
        ((READ, "_, (h, _) = self.lstm(vectors)"),),
        "a verdict depends on how long the other sentences of its batch are.",
        "What does your network read behind the end of a short sentence?",
    ),
    Mistake(
        "sentiment_last_place_of_all",
        "SentimentClassifier",
        ((READ, "states, _ = self.lstm(vectors)\n        h = states[:, -1].chunk(2, dim=1)"),),
        "both directions are heard at the last place of the rectangle, behind the ends of short sentences.",
        "At which place has each of the two directions read everything?",
    ),
    Mistake(
        "sentiment_padding_before_the_last_word",
        "SentimentClassifier",
        ((READ, f"states, _ = self.lstm(vectors)\n        {LAST}"),),
        "both directions are heard at the last word: one has read padding on the way there, and next to nothing else.",
        "What has the LSTM that reads backwards seen when it meets the last word?",
    ),
    Mistake(
        "sentiment_stays_sorted",
        "SentimentClassifier",
        ((PACK, SORTED.format("lengths")),),
        "the verdicts are right, each on another sentence of the batch.",
        "In which order are the sentences that were given, and in which your verdicts?",
    ),
    Mistake(
        "sentiment_mixes_sentences",
        "SentimentClassifier",
        ((JOIN, "scores: Tensor = self.head(h.reshape(len(words), -1))"),),
        "a single sentence is right; in a batch states of different sentences are laid side by side.",
        "Which axis of the states is the batch?",
    ),
    Mistake(
        "sentiment_backwards_through_padding",
        "SentimentClassifier",
        (
            (
                READ,
                "states, _ = self.lstm(vectors)\n"
                "        rows, half = torch.arange(len(words), device=words.device), self.lstm.hidden_size\n"
                "        h = [states[rows, lengths - 1, :half], states[:, 0, half:]]",
            ),
        ),
        "forwards it stops where a sentence ends; backwards it has read padding before the last word.",
        "Where does the LSTM that reads backwards begin?",
    ),
    Mistake(
        "sentiment_last_word_unread",
        "SentimentClassifier",
        ((PACK, PACK.replace("lengths.cpu()", "(lengths - 1).clamp(min=1).cpu()")),),
        "the last word of a sentence plays no part.",
        "If a sentence has 3 words, at which index does the last one stand?",
    ),
    Mistake(
        "sentiment_forwards_only",
        "SentimentClassifier",
        ((JOIN, "scores: Tensor = self.head(torch.cat([h[0], h[0]], dim=1))"),),
        "only one of the two directions is heard.",
        "How many of your network's parameters could change without changing the scores?",
    ),
    Mistake(
        "sentiment_directions_swapped",
        "SentimentClassifier",
        ((JOIN, "scores: Tensor = self.head(torch.cat([h[1], h[0]], dim=1))"),),
        "both directions are heard, each in the other's place.",
        "In which order are the two states laid side by side?",
    ),
    Mistake(
        "sentiment_cells_for_states",
        "SentimentClassifier",
        ((READ, "_, (_, h) = self.lstm(packed)"),),
        "the verdict is read from the cells.",
        "An LSTM returns two kinds of memory. Which one does it show?",
    ),
    Mistake(
        "sentiment_both_at_the_last_word",
        "SentimentClassifier",
        (
            (
                READ,
                "states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)\n"
                "        last = states[torch.arange(len(words), device=words.device), lengths - 1]\n"
                "        h = last.chunk(2, dim=1)",
            ),
        ),
        "the LSTM that reads backwards is heard after a single word.",
        "At which word has each of the two directions read everything?",
    ),
)

SEQ2SEQ = (
    Mistake(
        "seq2seq_encoder_reads_padding",
        "Seq2Seq",
        ((ENCODE, "_, (h, c) = self.encoder(vectors)"),),
        "what is handed over depends on how far a sentence was padded.",
        "After which word is the state of a short sentence taken?",
    ),
    Mistake(
        "seq2seq_stays_sorted",
        "Seq2Seq",
        ((SOURCES, SORTED.format("source_lengths")),),
        "what is handed over is right, each to the decoder of another sentence.",
        "In which order are the sentences that were given, and in which your states?",
    ),
    Mistake(
        "seq2seq_cell_not_handed_over",
        "Seq2Seq",
        (("return h, c", "return h, torch.zeros_like(c)"),),
        "the decoder begins with an empty cell.",
        "How many things does an LSTM remember with, and how many of them are handed over?",
    ),
    Mistake(
        "seq2seq_state_and_cell_swapped",
        "Seq2Seq",
        (("return h, c", "return c, h"),),
        "state and cell are handed over in each other's place.",
        "In which order does nn.LSTM take the two?",
    ),
    Mistake(
        "seq2seq_sees_what_it_should_say",
        "Seq2Seq",
        ((DECODE, "states, _ = self.decoder(self.target_embedding(target[:, 1:]), state)"),),
        "at each step the decoder is given the very word that it is asked for.",
        "What is the decoder's first input?",
    ),
    Mistake(
        "seq2seq_decoder_ignores_source",
        "Seq2Seq",
        ((DECODE, "states, _ = self.decoder(self.target_embedding(target[:, :-1]))"),),
        "the scores are the same whatever the source says.",
        "What does the decoder begin from?",
    ),
    Mistake(
        "seq2seq_loss_counts_null",
        "Seq2Seq",
        ((COST, "return F.cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten())"),),
        "the scores are right, and the loss grows or shrinks with the padding.",
        "Which of the places after START are asked for?",
    ),
    Mistake(
        "seq2seq_loss_divides_by_places",
        "Seq2Seq",
        (
            (
                COST,
                "return F.cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten(), ignore_index=NULL, "
                'reduction="sum") / target[:, 1:].numel()',
            ),
        ),
        "the right words are counted, and their sum is divided by the number of all places.",
        "The mean of how many losses is it?",
    ),
    Mistake(
        "seq2seq_loss_mean_of_means",
        "Seq2Seq",
        (
            (
                COST,
                MEAN_OF_MEANS,
            ),
        ),
        "the right words are counted, and a word of a short sentence weighs more than one of a long sentence.",
        "In the example with a pencil: what do the five losses weigh?",
    ),
    Mistake(
        "seq2seq_loss_divides_by_sentences",
        "Seq2Seq",
        ((COST, COST.replace("ignore_index=NULL)", 'ignore_index=NULL, reduction="sum") / len(target)')),),
        "the right words are counted, and their sum is divided by the number of sentences.",
        "The mean of how many losses is it?",
    ),
    Mistake(
        "seq2seq_loss_reshaped",
        "Seq2Seq",
        (
            (
                COST,
                COST.replace(
                    "scores.flatten(0, 1), target[:, 1:].flatten()",
                    "scores.reshape(len(target), scores.shape[2], -1), target[:, 1:]",
                ),
            ),
        ),
        "the scores are right, and in the loss those of different words and steps are mixed up.",
        "Which axis does the loss take for the classes, and how did it come there?",
    ),
    Mistake(
        "seq2seq_loss_asks_for_start",
        "Seq2Seq",
        ((COST, COST.replace("target[:, 1:]", "target[:, :-1]")),),
        "the scores are right, and each is held against the word that went in.",
        "Is START ever asked for?",
    ),
    Mistake(
        "seq2seq_loss_without_end",
        "Seq2Seq",
        (
            (
                COST,
                COST.replace(
                    "target[:, 1:].flatten()", "target[:, 1:].masked_fill(target[:, 1:] == END, NULL).flatten()"
                ),
            ),
        ),
        "the scores are right, and nobody teaches the decoder to stop.",
        "Which words of a target is the decoder asked for?",
    ),
    Mistake(
        "seq2seq_repeats_start",
        "Seq2Seq",
        ((SPEAK, "states, state = self.decoder(self.target_embedding(torch.full_like(word, START)), state)"),),
        "the scores are right, and a translation never hears its own words.",
        "What goes in at the second step of a translation?",
    ),
    Mistake(
        "seq2seq_forgets_while_speaking",
        "Seq2Seq",
        ((SPEAK, "states, _ = self.decoder(self.target_embedding(word), state)"),),
        "the scores are right, and while it speaks each word starts from what was handed over.",
        "Which state does the second word start from?",
    ),
    Mistake(
        "seq2seq_speaks_after_end",
        "Seq2Seq",
        ((SAID, "words.append(word)"),),
        "the words up to END are right, and the translation goes on after it.",
        "What should stand behind END?",
    ),
    Mistake(
        "seq2seq_hides_end",
        "Seq2Seq",
        ((f"{SAID}\n            {STOP}", f"{STOP}\n            {SAID}"),),
        "the words are right, and END is missing where a sentence ends.",
        "Is END itself part of what is returned?",
    ),
    Mistake(
        "seq2seq_all_stop_with_the_first",
        "Seq2Seq",
        ((STOP, "ended = ended | (word == END).any()"),),
        "when one sentence of a batch ends, all fall silent.",
        "Does what is said for one sentence depend on its neighbours?",
    ),
    Mistake(
        "seq2seq_returns_start",
        "Seq2Seq",
        (("return torch.cat(words, dim=1)", "return torch.cat([torch.full_like(word, START), *words[:-1]], dim=1)"),),
        "the translation begins with START, and its last word is lost.",
        "Which special word may not be in what is returned?",
    ),
)
