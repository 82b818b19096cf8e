# Sources are compiled in batches, since reading headers takes most of the time.
# ALONE names those that are not: a neighbour has a name of their anonymous namespace.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 10)

# surety_folder(NAME SOURCES ... ALONE ... USES ...)
#
# One static library per folder. USES is linked PRIVATE, so that a folder sees
# the headers of what it names and of nothing behind that: the direction of
# dependencies in docs/architecture.md is the direction of these calls.
function(surety_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ALONE;USES" ${ARGN})
  set_property(SOURCE ${ARG_ALONE} PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
  add_library(surety_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(surety_${name} PRIVATE surety_flags surety_seams ${ARG_USES})
  target_include_directories(surety_${name} INTERFACE ${CMAKE_SOURCE_DIR})
  target_include_directories(surety_${name} PRIVATE ${CMAKE_SOURCE_DIR})
endfunction()

# surety_test(NAME LABEL unit SOURCES ... ALONE ... USES ...)
#
# One test program, its cases known to ctest one by one.
function(surety_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;ALONE;USES" ${ARGN})
  set_property(SOURCE ${ARG_ALONE} PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE surety_flags surety_seams ${ARG_USES} GTest::gmock GTest::gtest_main)
  # The thread sanitizer would wait a second at the end of every process with threads,
  # and tests of deaths have hundreds.
  gtest_discover_tests(${name} TEST_PREFIX "${ARG_LABEL}." NO_PRETTY_VALUES PROPERTIES LABELS ${ARG_LABEL}
    TIMEOUT 120
    ENVIRONMENT TSAN_OPTIONS=atexit_sleep_ms=0
    DISCOVERY_MODE PRE_TEST)
endfunction()
include(GoogleTest)
