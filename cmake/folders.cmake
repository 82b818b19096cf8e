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
  surety_precompiled(surety_${name} folders)
endfunction()

add_custom_target(test_programs)

# surety_test(NAME LABEL unit SINGLE_THREADED SOURCES ... ALONE ... USES ...)
#
# One test program, its cases known to ctest one by one. The thread sanitizer is for
# those of the labels unit and flow that have threads: nothing is to be found without
# them, and over a socket it would report the distribution's gRPC.
function(surety_test name)
  cmake_parse_arguments(ARG "SINGLE_THREADED" "LABEL" "SOURCES;ALONE;USES" ${ARGN})
  if(SURETY_SANITIZE STREQUAL "thread" AND (ARG_SINGLE_THREADED OR NOT ARG_LABEL MATCHES "^(unit|flow)$"))
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  add_dependencies(test_programs ${name})
  surety_batches(${name} "${ARG_SOURCES}" "${ARG_ALONE}")
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE SURETY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE surety_flags surety_seams ${ARG_USES} GTest::gmock GTest::gtest_main)
  # Compiling takes longer than running them. What they test is compiled as ever.
  if(NOT SURETY_SANITIZE)
    target_compile_options(${name} PRIVATE -O0 -U_FORTIFY_SOURCE)
  endif()
  surety_precompiled(${name} tests)
  # The thread sanitizer would wait a second at the end of every process with threads,
  # and tests of deaths have hundreds.
  gtest_discover_tests(${name} TEST_PREFIX "${ARG_LABEL}." NO_PRETTY_VALUES PROPERTIES LABELS ${ARG_LABEL}
    TIMEOUT 120
    ENVIRONMENT TSAN_OPTIONS=atexit_sleep_ms=0
    DISCOVERY_MODE PRE_TEST)
endfunction()
include(GoogleTest)
