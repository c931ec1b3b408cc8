# Lets other extensions build against this one.
# Source: 3D Slicer 5.12, CMake/SlicerExtensionGenerateConfig.cmake.

file(WRITE ${EXTENSION_SUPERBUILD_BINARY_DIR}/${EXTENSION_NAME}Config.cmake
  "set(${EXTENSION_NAME}_SOURCE_DIR \"${CMAKE_CURRENT_SOURCE_DIR}\")\n")
