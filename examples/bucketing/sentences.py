"""Sentences of a small English grammar, and how well their next word can be guessed at best.

    the old dog that some girls see sleeps

Verbs agree with their subject across relative clauses, so that guessing them needs a memory.
"""

from __future__ import annotations

import math
import random

START, END, PAD = "<s>", "</s>", "<pad>"
DETERMINERS = ("the", "a", "some")
ADJECTIVES = ("old", "small", "happy", "quiet", "red")
NOUNS = (
    ("dog", "dogs"), ("cat", "cats"), ("girl", "girls"), ("boy", "boys"), ("bird", "birds"), ("horse", "horses"),
    ("farmer", "farmers"), ("child", "children"),
)  # fmt: skip
SEEING = (
    ("sees", "see"), ("likes", "like"), ("follows", "follow"), ("hears", "hear"), ("calls", "call"),
)  # fmt: skip
SLEEPING = (("sleeps", "sleep"), ("runs", "run"), ("sings", "sing"), ("waits", "wait"), ("smiles", "smile"))
DEEPEST = 2  # relative clauses within each other


class Grammar:
    """Makes sentences, and keeps count of how surprising each word is to one who knows the grammar.

    Every choice shows in the word that follows it, so the probability of a word, given those before, is the product of
    the choices made since the last one.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._surprise = 0.0  # in nats, of all words so far
        self._words = 0

    @property
    def perplexity(self) -> float:
        """The best perplexity that is possible on what was made: as if so many words were equally likely each time."""
        return math.exp(self._surprise / self._words)

    def sentence(self) -> list[str]:
        """Return a new sentence, between START and END."""
        self._sentence = [START]
        number = self._noun_phrase(0)
        self._verb_phrase(number, 0)
        self._say(END)
        return self._sentence

    def _say(self, word: str) -> None:
        self._sentence.append(word)
        self._words += 1

    def _chance(self, probability: float) -> bool:
        happens = self._random.random() < probability
        self._surprise -= math.log(probability if happens else 1 - probability)
        return happens

    def _one_of(self, options: tuple) -> str:
        self._surprise += math.log(len(options))
        return options[int(self._random.random() * len(options))]

    def _noun_phrase(self, depth: int) -> int:
        """Say something like "the old dog that runs"; return 0 if it is one and 1 if there are several."""
        determiner = self._one_of(DETERMINERS)
        self._say(determiner)
        while self._chance(0.25):
            self._say(self._one_of(ADJECTIVES))
        number = self._one_of((0, 1)) if determiner == "the" else DETERMINERS.index(determiner) - 1
        self._say(self._one_of(NOUNS)[number])
        if depth < DEEPEST and self._chance(0.3):
            self._say("that")
            if self._chance(0.5):
                self._verb_phrase(number, depth + 1)  # the dog that sees a cat
            else:
                other = self._noun_phrase(depth + 1)  # the dog that a cat sees
                self._say(self._one_of(SEEING)[other])
        return number

    def _verb_phrase(self, number: int, depth: int) -> None:
        if self._chance(0.5):
            self._say(self._one_of(SLEEPING)[number])
        else:
            self._say(self._one_of(SEEING)[number])
            self._noun_phrase(depth + 1)


def corpus(count: int, seed: int) -> tuple[list[list[str]], float]:
    """Return `count` sentences, and the best perplexity that is possible on them."""
    grammar = Grammar(seed)
    return [grammar.sentence() for _ in range(count)], grammar.perplexity
