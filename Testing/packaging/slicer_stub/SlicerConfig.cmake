# A stand-in for the package that Slicer gives to the build of an extension: enough of its behaviour to configure, build,
# test, install and pack a scripted extension on a machine without Slicer. Written from what Slicer's own files do:
# Source: 3D Slicer 5.12, CMake/{SlicerConfig.cmake.in, SlicerDirectories.cmake}.

if(NOT DEFINED Python3_EXECUTABLE)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()

set(Slicer_STUB_DIR ${CMAKE_CURRENT_LIST_DIR})
set(Slicer_VERSION "5.12.4")
set(Slicer_REVISION "34045")
set(Slicer_OS "linux")
set(Slicer_ARCHITECTURE "amd64")
set(Slicer_LAUNCHER_EXECUTABLE ${Python3_EXECUTABLE} ${Slicer_STUB_DIR}/launcher.py)

set(Slicer_SHARE_DIR "share/Slicer-5.12")
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR "lib/Slicer-5.12/qt-scripted-modules")

set(Slicer_INSTALL_ROOT "./")
set(Slicer_BUNDLE_EXTENSIONS_LOCATION "")
if(APPLE)
  set(Slicer_INSTALL_ROOT "Slicer.app/Contents/")
  set(Slicer_BUNDLE_EXTENSIONS_LOCATION "Extensions-${Slicer_REVISION}/${PROJECT_NAME}/")
endif()
set(_extension_root "${Slicer_INSTALL_ROOT}${Slicer_BUNDLE_EXTENSIONS_LOCATION}")
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR "${_extension_root}${Slicer_QTSCRIPTEDMODULES_LIB_DIR}")
set(Slicer_INSTALL_SHARE_DIR "${_extension_root}${Slicer_SHARE_DIR}")

set(Slicer_USE_FILE ${Slicer_STUB_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${Slicer_STUB_DIR}/SlicerExtensionGenerateConfig.cmake)
set(Slicer_EXTENSION_CPACK ${Slicer_STUB_DIR}/SlicerExtensionCPack.cmake)
