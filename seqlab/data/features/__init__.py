"""Features of images from pretrained networks. Only the modules of this folder import torch."""
