# slicer_add_python_unittest and slicer_add_python_test: tests that Slicer runs, by the names that it gives them.
# Source: 3D Slicer 5.12, CMake/SlicerMacroPythonTesting.cmake and SlicerMacroConfigureGenericPythonModuleTests.cmake.

function(slicer_add_python_unittest)
  cmake_parse_arguments(TEST "" "TESTNAME_PREFIX;SCRIPT" "SLICER_ARGS" ${ARGN})
  get_filename_component(module ${TEST_SCRIPT} NAME_WE)
  get_filename_component(folder ${TEST_SCRIPT} PATH)
  if("${folder}" STREQUAL "")  # else it stays relative, to wherever the test is run: name scripts from their own folder
    set(folder ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  set(run "import slicer.testing\\; slicer.testing.runUnitTest(['${CMAKE_CURRENT_BINARY_DIR}', '${folder}'], '${module}')")
  _slicer_stub_add_test(${TEST_TESTNAME_PREFIX}${module} ${TEST_SLICER_ARGS} --python-code "${run}")
endfunction()

function(slicer_add_python_test)
  cmake_parse_arguments(TEST "" "TESTNAME_PREFIX;SCRIPT" "SLICER_ARGS;SCRIPT_ARGS" ${ARGN})
  get_filename_component(name ${TEST_SCRIPT} NAME_WE)
  get_filename_component(script ${TEST_SCRIPT} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  _slicer_stub_add_test(${TEST_TESTNAME_PREFIX}${name} ${TEST_SLICER_ARGS} --python-script ${script} ${TEST_SCRIPT_ARGS})
endfunction()

function(_slicer_stub_add_test name)
  set(modules --additional-module-paths ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR})
  add_test(NAME py_${name} COMMAND ${Slicer_LAUNCHER_EXECUTABLE} --no-splash --testing ${modules} ${ARGN})
  set_tests_properties(py_${name} PROPERTIES RUN_SERIAL TRUE SKIP_RETURN_CODE 77)
endfunction()

function(_slicer_stub_add_generic_test module_name)
  set(MODULENAME ${module_name})
  string(TOLOWER ${module_name} MODULENAME_LC)
  set(script qSlicer${module_name}ModuleGenericTest.py)
  configure_file(${Slicer_STUB_DIR}/GenericTest.py.in ${CMAKE_CURRENT_BINARY_DIR}/${script} @ONLY)
  slicer_add_python_unittest(SCRIPT ${script} SLICER_ARGS --no-main-window TESTNAME_PREFIX nomainwindow_)
endfunction()
