set(CMAKE_UNITY_BUILD_BATCH_SIZE 10)

# Sources are compiled in batches of ten, since reading headers takes most of the time.
# ALONE names those that are not among them, for one of the others has a name of their
# anonymous namespace: each by itself, or a.cc+b.cc as a batch of their own.
function(surety_batches target sources alone)
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
  string(REPLACE "+" ";" apart "${alone}")
  list(REMOVE_ITEM sources ${apart})
  set(number 0)
  foreach(source ${sources})
    math(EXPR batch "${number} / 10")
    math(EXPR number "${number} + 1")
    set_property(SOURCE ${source} PROPERTY UNITY_GROUP batch${batch})
  endforeach()
  foreach(group ${alone})
    string(REPLACE "+" ";" members "${group}")
    list(GET members 0 first)
    get_filename_component(name ${first} NAME_WE)
    set_property(SOURCE ${members} PROPERTY UNITY_GROUP ${name})
  endforeach()
endfunction()

# surety_folder(NAME SOURCES ... ALONE ... USES ...)
#
# One static library per folder. USES is linked PRIVATE, so that a folder sees
# the headers of what it names and of nothing behind that: the direction of
# dependencies in docs/architecture.md is the direction of these calls.
function(surety_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ALONE;USES" ${ARGN})
  add_library(surety_${name} STATIC ${ARG_SOURCES})
  surety_batches(surety_${name} "${ARG_SOURCES}" "${ARG_ALONE}")
  target_link_libraries(surety_${name} PRIVATE surety_flags surety_seams ${ARG_USES})
  target_include_directories(surety_${name} INTERFACE ${CMAKE_SOURCE_DIR})
  target_include_directories(surety_${name} PRIVATE ${CMAKE_SOURCE_DIR})
endfunction()

# surety_test(NAME LABEL unit SOURCES ... ALONE ... USES ...)
#
# One test program, its cases known to ctest one by one.
function(surety_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;ALONE;USES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  surety_batches(${name} "${ARG_SOURCES}" "${ARG_ALONE}")
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
