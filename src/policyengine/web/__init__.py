"""The HTTP face. It turns requests into questions and decisions into answers, and decides nothing itself.

* ``app``: the Flask application and its routes
* ``admission``: how many requests are decided at a time
* ``body``: from a request to the data of its body; ``answers``: from data to a response
* ``lines``: the lines of a stream as they arrive
* ``reading``: from the data of a body to a question, or to everything that is wrong with it
* ``service``: one question, many questions
* ``guard``: who is let in, by key; ``refusals``: what is logged of those who are not
* ``problems``: errors as RFC 9457 problem details
* ``engines``: which engines decide; ``explaining``: what explains a decision; ``describe``: what is told about bundles
* ``visits``: who asks, and by which key; ``logbook``: nothing is sent before it is logged; ``log_reading``: the log
* ``metrics``: what is counted; ``decision_metrics``: of decisions; ``check_metrics``: of engines' cross-checks;
  ``bundle_metrics``: what is in service; ``log_metrics``: of the decision log
* ``logs``: what is logged, and how; ``request_ids``: by which id
* ``server``: the server process and its workers; ``processes``: how these are started, and started anew; ``ending``:
  how they are told to end; ``folder``: what they share, while the service runs

How bundles are exchanged while the service runs:

* ``supervisor``: in the server process: has all workers swap together; ``worker``: their side of it
* ``outcomes``: what came of a reload, for the one who asked and for the log
* ``judging``: which bundles go into service; ``trial``: a process in which one is tried out; ``mask_watch``: whether
  the log's masks still hide facts then
* ``watching``: when files have changed
* ``catalogue``: in a worker: what is in service, and what a request took; ``generations``: what the two sides tell
* ``readiness``: how the service stands; ``fitness``: whether it decides and logs, tried out now and then
* ``admin``: a reload by call
"""
