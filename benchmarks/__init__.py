"""Measures precision, recall and speed; ``make bench`` runs all of it."""
