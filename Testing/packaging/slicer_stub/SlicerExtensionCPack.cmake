# The description that the Extensions Manager shows, and the package.
# Source: 3D Slicer 5.12, CMake/SlicerExtensionCPack.cmake.

foreach(file EXTENSION_README_FILE EXTENSION_LICENSE_FILE)
  if(NOT EXISTS "${${file}}")
    message(FATAL_ERROR "${file} names a file that is not there: ${${file}}")
  endif()
endforeach()
if(NOT EXTENSION_NAME STREQUAL PROJECT_NAME)
  message(STATUS "No package of ${PROJECT_NAME}: it is not the extension ${EXTENSION_NAME}.")
  return()
endif()

set(description "")
foreach(field DEPENDS HOMEPAGE CONTRIBUTORS CATEGORY ICONURL DESCRIPTION SCREENSHOTURLS KEYWORDS)
  string(TOLOWER ${field} name)
  string(REPLACE "\n" "<br>" line "${name} ${EXTENSION_${field}}")
  string(APPEND description "${line}\n")
endforeach()
file(WRITE ${CMAKE_BINARY_DIR}/${EXTENSION_NAME}.s4ext "${description}")
install(FILES ${CMAKE_BINARY_DIR}/${EXTENSION_NAME}.s4ext
  DESTINATION ${Slicer_INSTALL_SHARE_DIR} COMPONENT RuntimeLibraries)

set(CPACK_MONOLITHIC_INSTALL ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${EXTENSION_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION_FILE "${EXTENSION_README_FILE}")
set(CPACK_RESOURCE_FILE_LICENSE "${EXTENSION_LICENSE_FILE}")
set(CPACK_PACKAGE_FILE_NAME "${Slicer_REVISION}-${Slicer_OS}-${Slicer_ARCHITECTURE}-${EXTENSION_NAME}")
set(CPACK_GENERATOR "TGZ")
include(CPack)
