"""Trained models as files that need neither this package nor its hosts."""

from .command import main

__all__ = ['main']
