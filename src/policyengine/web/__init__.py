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
* ``metrics``: what is counted; ``decision_metrics``: of decisions; ``check_metrics``: of engines' cross-checks;
  ``bundle_metrics``: what is in service; ``log_metrics``: of the decision log
* ``logs``: what is logged, and how; ``request_ids``: by which id
* ``server``: the server process and its workers; ``ending``: how they are told to end

How bundles are exchanged while the service runs:

* ``supervisor``: in the server process: has all workers swap together; ``worker``: their side of it
* ``outcomes``: what came of a reload, for the one who asked and for the log
* ``judging``: which bundles go into service; ``trial``: a process in which one is tried out
* ``watching``: when files have changed
* ``catalogue``: in a worker: what is in service, and what a request took; ``generations``: what the two sides tell
* ``readiness``: how the service stands; ``admin``: a reload by call
"""
