"""Renderings of a Report: values in, lines out."""
