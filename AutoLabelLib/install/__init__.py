"""What Slicer's Python lacks, and getting it when the user asks for it. No widgets, and nothing heavy is imported.

| file                | what it does                                                                  |
|---------------------|-------------------------------------------------------------------------------|
| requirements.py     | what AutoLabel needs, from Resources/requirements.txt                          |
| packages.py         | what of it is there                                                           |
| checks.py           | what works and what does not, for `autolabel doctor` and the panel Setup      |
| surroundings.py     | which Slicer this is, and what it offers for installing                       |
| plan.py             | what would be installed, and how large it is                                  |
| installation.py     | doing it, step by step, and looking at the outcome                            |
| pip_steps.py        | one run of pip: by Slicer where it does not block, else by a child process    |
| child_process.py    | a process that is followed without blocking, and can be stopped               |
| pip_failure.py      | why pip failed, in one sentence                                               |
| interpreter.py      | another Python for the worker: whether it can be used                         |
| bug_report.py       | the facts that help with a bug, without names                                 |
"""
