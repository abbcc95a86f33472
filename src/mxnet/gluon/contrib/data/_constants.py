"""Tokens of the text data sets."""

EOS_TOKEN = "<eos>"
