# SPDX-License-Identifier: Apache-2.0
"""Statements that are compiled once and then handed to the driver as they are."""


class Prepared:
    """A statement whose text never changes; for the few that every purchase runs.

    SQLAlchemy looks up, each time, how a statement was compiled and what its parameters
    need, which takes half of what it adds to the driver. All of that is found once
    here for each kind of database, and ``exec_driver_sql`` does the rest
    (``python -m benchmarks.operations --budgets``).
    """

    def __init__(self, statement, columns=None):
        """:param columns: those that an INSERT sets, each a parameter of its name."""
        self._statement, self._columns = statement, columns
        self._compiled = {}

    def execute(self, connection, values):
        """The result for ``values``, {parameter: value}."""
        dialect = connection.dialect
        known = self._compiled.get((dialect.name, dialect.driver))
        text, arguments = known or self._compile(dialect)
        return connection.exec_driver_sql(text, arguments(values))

    def _compile(self, dialect):
        compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
        process = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        if compiled.positional:
            order = [(name, process[name]) for name in compiled.positiontup]

            def arguments(values):
                return tuple(
                    each(values[name]) if each else values[name] for name, each in order
                )
        else:
            named = list(process.items())

            def arguments(values):
                return {
                    name: each(values[name]) if each else values[name]
                    for name, each in named
                }

        found = self._compiled[dialect.name, dialect.driver] = (
            compiled.string,
            arguments,
        )
        return found
