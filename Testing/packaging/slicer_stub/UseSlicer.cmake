# What an extension may call, and the defaults of what it may leave out.
# Source: 3D Slicer 5.12, CMake/UseSlicer.cmake.in.

if(NOT DEFINED EXTENSION_NAME)
  set(EXTENSION_NAME ${PROJECT_NAME})
endif()
if("${EXTENSION_NAME}" MATCHES "^$|^Slicer$|^Project$")
  message(FATAL_ERROR "Call project(<extension name>) before include(\${Slicer_USE_FILE}).")
endif()
foreach(field DEPENDS RECOMMENDS)
  if(NOT DEFINED EXTENSION_${field})
    set(EXTENSION_${field} NA)
  endif()
endforeach()
if(NOT DEFINED EXTENSION_SUPERBUILD_BINARY_DIR)
  set(EXTENSION_SUPERBUILD_BINARY_DIR ${CMAKE_BINARY_DIR})
endif()

include(CTest)
include(${Slicer_STUB_DIR}/BuildScriptedModule.cmake)
include(${Slicer_STUB_DIR}/PythonTests.cmake)
