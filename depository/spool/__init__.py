"""The spool: saves that were accepted and are not in the archive yet, kept on local disk until they are.

`items` is the format of one file, `directory` the directory of them, `schedule` says which may be archived now and in
what groups, `drain` archives them, and `worker` is the process that goes on doing so beside a Jupyter server.
"""
