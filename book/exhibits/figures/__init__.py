"""The figures of the report, by subject: arrays in, a matplotlib Figure out.

A chapter imports the modules that it shows, so that a change in another one does not
execute it.
"""
