# Runs one name of Python's unittest as a test of ctest.
function(surety_system_test name unittest label timeout)
  add_test(NAME ${name} COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/tests/e2e/run.py ${unittest})
  set_tests_properties(${name} PROPERTIES
    LABELS ${label}
    TIMEOUT ${timeout}
    ENVIRONMENT
      "SURETY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};SURETY_CLIENTS=${CMAKE_BINARY_DIR}/tests/clients")
endfunction()

# surety_cases(LABEL FILE [SERIAL|LONG] [TIMEOUT seconds] [FIXTURES name...])
#
# Every case of test_FILE.py is a test of its own: LABEL.FILE.case. SERIAL: its
# cases need the machine for themselves, since they measure time or take all of it.
# LONG: they take a minute or more, mostly waiting, and begin before the others.
function(surety_cases label file)
  cmake_parse_arguments(ARG "SERIAL;LONG" "TIMEOUT" "FIXTURES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  set(cost 0)
  if(ARG_LONG)
    set(cost 100)
  endif()
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/test_${file}.py)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(STRINGS ${source} lines REGEX "^class [A-Za-z0-9]+\\([A-Za-z]*Case\\)|^    def test_")
  foreach(line IN LISTS lines)
    if(line MATCHES "^class ([A-Za-z0-9]+)")
      set(class ${CMAKE_MATCH_1})
    elseif(line MATCHES "def test_([a-z0-9_]+)")
      set(case ${CMAKE_MATCH_1})
      set(name ${label}.${file}.${case})
      surety_system_test(${name} test_${file}.${class}.test_${case} ${label} ${ARG_TIMEOUT})
      set_tests_properties(${name} PROPERTIES
        RUN_SERIAL ${ARG_SERIAL}
        COST ${cost}
        FIXTURES_REQUIRED "${ARG_FIXTURES}")
    endif()
  endforeach()
endfunction()

# surety_class(LABEL FILE CLASS [SERIAL] [TIMEOUT seconds])
#
# All cases of a class of test_FILE.py are one test, LABEL.FILE.CLASS: for classes that start
# something dear once, or that inherit their cases.
function(surety_class label file class)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 240)
  endif()
  set(name ${label}.${file}.${class})
  surety_system_test(${name} test_${file}.${class} ${label} ${ARG_TIMEOUT})
  set_tests_properties(${name} PROPERTIES RUN_SERIAL ${ARG_SERIAL})
endfunction()
