"""How many processes work at the same time."""


def limit_jobs(n_jobs, n_tasks):
    """Bring ``n_jobs`` into a form that joblib takes, and that starts no idle process.

    Parameters
    ----------
    n_jobs : int or None
        As for joblib: None leaves it to the context, negative numbers count from the
        number of processors.

    n_tasks : int
        How many tasks there are.

    Returns
    -------
    n_jobs : int or None
        Not more than there are tasks: joblib would start a process for each.

    Raises
    ------
    ValueError
        If it is 0.
    """
    if n_jobs is None:
        return None
    if n_jobs == 0:
        raise ValueError("n_jobs=0: wanted a number of processes, None, or -1 for all processors.")
    return min(int(n_jobs), max(1, n_tasks))
