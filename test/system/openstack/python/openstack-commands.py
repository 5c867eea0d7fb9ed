"""Runs openstackclient's commands in one process: standard input has a list of argument lists, standard output their outcomes."""
import contextlib
import io
import json
import sys

from openstackclient import shell

outcomes = []
for arguments in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = shell.main(arguments)
        except SystemExit as error:
            status = error.code
    outcomes.append({'status': status, 'out': out.getvalue(), 'err': err.getvalue()})
json.dump(outcomes, sys.stdout)
