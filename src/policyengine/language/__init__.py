"""The expression language: text to syntax tree. What names mean is settled later, by the checker."""
