"""From a request to an answer: reading facts, weighing the truths of rules, and explaining the outcome."""
