"""The table of the panel Findings: a row each, of which label and note can be edited in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt

from AutoLabelLib.gui import findings_words
from AutoLabelLib.scene.finding_rows import FindingRow

SEGMENT, LABEL, PROBABILITY, AXES, VOLUME, NOTE = range(6)
_MOST_ROWS = 10  # then it scrolls
_WIDEST_SEGMENT = 150
_NARROWEST_COLUMN = 30
_RIGHT = (PROBABILITY, AXES, VOLUME)


class FindingsTableView:
    """Shows findings, and says which the user chooses, goes to, and what is typed.

    Args:
        table: A QTableWidget with six columns.
        chosen: Called when another row is the current one.
        go_to: Called when the user clicks or activates a row, or comes to it with the arrow keys.
        typed: Gets a finding's id, the column (`LABEL` or `NOTE`) and the new text.
    """

    def __init__(
        self,
        table: Any,
        chosen: Callable[[], None],
        go_to: Callable[[], None],
        typed: Callable[[str, int, str], None],
    ) -> None:
        self._table = table
        self._rows: list[FindingRow] = []
        self._chosen, self._go_to, self._typed = chosen, go_to, typed
        header = table.horizontalHeader()
        for column in (LABEL, PROBABILITY, AXES, VOLUME):
            header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(SEGMENT, qt.QHeaderView.Interactive)
        header.setSectionResizeMode(NOTE, qt.QHeaderView.Stretch)
        header.setMinimumSectionSize(_NARROWEST_COLUMN)
        table.connect("currentCellChanged(int,int,int,int)", self._current_changed)
        table.connect("cellClicked(int,int)", self._clicked)
        table.connect("cellActivated(int,int)", self._clicked)
        table.connect("cellChanged(int,int)", self._changed)

    @property
    def current(self) -> FindingRow | None:
        """The chosen row; None if there is none."""
        row = self._table.currentRow()
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def choose(self, finding_id: str) -> None:
        """Make the row of a finding the current one, if it is there."""
        ids = [row.finding.id for row in self._rows]
        if finding_id in ids:
            self._table.setCurrentCell(ids.index(finding_id), SEGMENT)

    def show(self, rows: Sequence[FindingRow], colors: Sequence[tuple[float, float, float] | None]) -> None:
        """Show rows, each with the colour of its segment (red, green, blue from 0 to 1; None where that is gone)."""
        chosen = self.current.finding.id if self.current is not None else ""
        column = max(self._table.currentColumn(), SEGMENT)
        was_blocked = self._table.blockSignals(True)
        self._rows = list(rows)
        self._table.setRowCount(len(rows))
        for number, (row, color) in enumerate(zip(rows, colors, strict=True)):
            self._fill(number, row, color)
        ids = [row.finding.id for row in rows]
        if ids:
            self._table.setCurrentCell(ids.index(chosen) if chosen in ids else 0, column)
        self._table.blockSignals(was_blocked)
        self._table.visible = bool(ids)
        self._table.resizeColumnToContents(SEGMENT)
        self._table.setColumnWidth(SEGMENT, min(self._table.columnWidth(SEGMENT), _WIDEST_SEGMENT))
        self._fit_height()

    def _fill(self, number: int, row: FindingRow, color: tuple[float, float, float] | None) -> None:
        tip = findings_words.tool_tip(row)
        for column, text in enumerate(findings_words.cells(row)):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(tip)
            if column in _RIGHT:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            if column not in (LABEL, NOTE):
                item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
            if column == SEGMENT and color is not None:
                item.setData(qt.Qt.DecorationRole, qt.QColor.fromRgbF(*color))
            if row.is_segment_removed:
                font = item.font()
                font.setItalic(True)
                item.setFont(font)
            self._table.setItem(number, column, item)
        if row.finding.corrected_label:
            _embolden(self._table.item(number, LABEL))

    def _fit_height(self) -> None:
        table = self._table
        rows = min(max(len(self._rows), 2), _MOST_ROWS)
        row_height = table.rowHeight(0) if self._rows else 0
        bar = table.horizontalScrollBar().sizeHint.height()
        table.setFixedHeight(table.horizontalHeader().height + rows * row_height + bar + 2 * table.frameWidth)

    def _current_changed(self, row: int, column: int, old_row: int, old_column: int) -> None:
        if row != old_row:
            self._chosen()
            if self._table.hasFocus():  # with the arrow keys
                self._go_to()

    def _clicked(self, row: int, column: int) -> None:
        self._go_to()

    def _changed(self, row: int, column: int) -> None:
        if 0 <= row < len(self._rows) and column in (LABEL, NOTE):
            self._typed(self._rows[row].finding.id, column, self._table.item(row, column).text())


def _embolden(item: Any) -> None:
    """Show that a person said this."""
    font = item.font()
    font.setBold(True)
    item.setFont(font)
