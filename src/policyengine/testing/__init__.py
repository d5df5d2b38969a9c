"""Regression tests of policies: cases in YAML beside a bundle, decided and compared.

* ``model``: a case, what it expects, and how it came out
* ``known_words``, ``case_facts``, ``expectations``, ``tables``, ``cases``: from test files to cases, or every fault
* ``compare``, ``explain``, ``run``: deciding a case, what differs, and why
* ``formats``: results for people and for other tools
* ``reachability``: what no case expects
* ``plugin``: the cases as pytest items

Nothing is imported here: pytest loads the plugin in every run.
"""
