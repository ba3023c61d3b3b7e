"""Records what transformers' BertModel computes, in Float64: python3 record_bert.py > bert.json

A tiny encoder with two layers, a padded batch, the mean over tokens that are not padding, and the gradients of a weighted
sum of the features. Parameters come from the formula of record.py; needs transformers==4.57.3.
"""

import json
import sys

import torch
from transformers import BertConfig, BertModel

from record import fill, ours, uniform

TOKENS = [[5, 9, 3, 17, 2, 9], [11, 4, 0, 0, 0, 0], [1, 30, 30, 6, 0, 0]]

config = BertConfig(
    vocab_size=31, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40,
    max_position_embeddings=9, hidden_dropout_prob=0, attention_probs_dropout_prob=0, attn_implementation="eager")
model = BertModel(config, add_pooling_layer=False).double()
fill(model)
with torch.no_grad():
    # Tables of embeddings are not transposed.
    for name, parameter in model.named_parameters():
        if "embeddings.weight" in name:
            bound = torch.tensor((6 / parameter.shape[0]) ** 0.5, dtype=torch.float32).to(torch.float64)
            parameter.copy_(uniform(name, parameter.numel()).reshape(parameter.shape) * bound)
model.eval()
tokens = torch.tensor(TOKENS)
mask = (tokens != 0).long()
states = model(input_ids=tokens, attention_mask=mask).last_hidden_state
weights = mask.unsqueeze(-1).double()
features = (states * weights).sum(1) / weights.sum(1)
cotangent = uniform("cotangent", features.numel()).reshape(features.shape)
(features * cotangent).sum().backward()


def gradient(name, parameter):
    value = parameter.grad
    return value if "embeddings.weight" in name else ours(value)


json.dump(
    {
        "tokens": TOKENS,
        "features": features.flatten().tolist(),
        "cls": states[:, 0].flatten().tolist(),
        "gradients": {
            name: [round(float(value), 9) for value in gradient(name, parameter).flatten()]
            for name, parameter in model.named_parameters()
        },
    },
    sys.stdout)
