"""Engines that make a PDF of a page."""

from . import chromium
from . import overlay
