"""Files and folders, as ctk asks for them."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.host.properties import kept


class ctkPathLineEdit(QtWidgets.QWidget):
    """A path to type, with a button to look for it."""

    currentPathChanged = QtCore.Signal(str)
    validInputChanged = QtCore.Signal(bool)
    label = kept(str, "label", "")
    settingKey = kept(str, "settingKey", "")
    nameFilters = kept("QStringList", "nameFilters", [])
    showHistoryButton = kept(bool, "showHistoryButton", True)
    showBrowseButton = kept(bool, "showBrowseButton", True)
    filters = kept(int, "filters", 24663)
    options = kept(int, "options", 0)
    sizeAdjustPolicy = kept(int, "sizeAdjustPolicy", 2)
    minimumContentsLength = kept(int, "minimumContentsLength", 0)
    AdjustToContents, AdjustToContentsOnFirstShow, AdjustToMinimumContentsLength = 0, 1, 2
    Dirs, Drives, Readable, Writable, Executable, Hidden, System, Files = 1, 4, 16, 32, 64, 256, 512, 2

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._box = QtWidgets.QComboBox(self)
        self._box.setEditable(True)
        self._box.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
        self._browse = QtWidgets.QToolButton(self)
        self._browse.setText("...")
        row.addWidget(self._box)
        row.addWidget(self._browse)
        self._box.lineEdit().textChanged.connect(self.currentPathChanged)
        self._browse.clicked.connect(self.browse)

    def _path(self) -> str:
        return self._box.currentText()

    def setCurrentPath(self, path: str) -> None:
        """Show another path."""
        self._box.lineEdit().setText(path)

    currentPath = QtCore.Property(str, _path, setCurrentPath)

    def comboBox(self) -> QtWidgets.QComboBox:
        """Return the box in which the path is typed."""
        return self._box

    def browse(self) -> None:
        """Ask for a path."""
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, self.label)
        if path:
            self.setCurrentPath(path)

    def addCurrentPathToHistory(self) -> None:
        """Remember the path for the next time."""
        if self._box.findText(self._path()) < 0:
            self._box.addItem(self._path())


class ctkDirectoryButton(QtWidgets.QWidget):
    """A button that shows a folder and asks for another."""

    directoryChanged = QtCore.Signal(str)
    directorySelected = QtCore.Signal(str)
    caption = kept(str, "caption", "")

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._button = QtWidgets.QPushButton(self)
        row.addWidget(self._button)
        self._folder = QtCore.QDir.currentPath()
        self._button.clicked.connect(self.browse)
        self._show()

    def _show(self) -> None:
        self._button.setText(self._folder)

    def _directory(self) -> str:
        return self._folder

    def setDirectory(self, path: str) -> None:
        """Show another folder."""
        if path != self._folder:
            self._folder = path
            self._show()
            self.directoryChanged.emit(path)

    directory = QtCore.Property(str, _directory, setDirectory)

    def browse(self) -> None:
        """Ask for a folder."""
        folder = QtWidgets.QFileDialog.getExistingDirectory(self, self.caption, self._folder)
        if folder:
            self.setDirectory(folder)
            self.directorySelected.emit(folder)
