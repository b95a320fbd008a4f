"""Whether what a model says about a learner is borne out by the learner's figures.

Sentence by sentence, and strictly: a sentence that names a theme the learner does not have, a number the figures do not
hold in that place, a trend that is not there, or anything that cannot be told apart from such a thing is dropped.
"""
