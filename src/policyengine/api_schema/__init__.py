"""What the service and its callers send each other, as JSON Schemas (2020-12) and as an OpenAPI 3.1 document.

* ``parts``: the small words in which the schemas are written
* ``decision``: the answer; ``explanation``: how it came about; ``problem``: the errors
* ``request``: what may be asked of any bundle; ``vocabulary``: the facts of one bundle
* ``files``: the schemas that are kept in ``schemas/``
* ``openapi``: the document that a running service gives about itself
"""
