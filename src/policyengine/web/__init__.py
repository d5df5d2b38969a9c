"""The HTTP face. It turns requests into questions and decisions into answers, and decides nothing itself.

* ``app``: the Flask application and its routes
* ``admission``: how many requests are decided at a time
* ``body``: from a request to the data of its body; ``answers``: from data to a response
* ``lines``: the lines of a stream as they arrive
* ``reading``: from the data of a body to a question, or to everything that is wrong with it
* ``service``: one question, many questions
* ``guard``: who is let in, by key
* ``problems``: errors as RFC 9457 problem details
* ``engines``: which engines decide; ``describe``: what is told about bundles
* ``visits``: who asks, and by which key; ``logbook``: nothing is sent before it is logged; ``log_reading``: the log
* ``metrics``: what is counted; ``decision_metrics``: of decisions; ``check_metrics``: of engines' cross-checks
* ``log_metrics``: what is counted of the decision log
* ``logs``: what is logged, and how; ``request_ids``: by which id
* ``server``: the server process and its workers; ``ending``: how they are told to end
"""
