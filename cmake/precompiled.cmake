# Reading libraries' headers takes most of a build. With SURETY_PRECOMPILED they are read
# once for all folders and once for all test programs. The presets release and debug do
# without: there every file has to include what it uses.
option(SURETY_PRECOMPILED "Read the libraries' headers once" OFF)
if(NOT SURETY_PRECOMPILED)
  function(surety_precompiled target from)
  endfunction()
  return()
endif()

set(standard_headers
  <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <deque> <filesystem> <fstream>
  <functional> <future> <map> <memory> <mutex> <optional> <random> <set> <span> <sstream> <stop_token>
  <string> <string_view> <thread> <unordered_map> <unordered_set> <variant> <vector>)

file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")

add_library(surety_folders_headers OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
target_link_libraries(surety_folders_headers PRIVATE surety_flags)
target_precompile_headers(surety_folders_headers PRIVATE ${standard_headers} <nlohmann/json.hpp>)

add_executable(surety_tests_headers EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled.cc)
target_link_libraries(surety_tests_headers PRIVATE surety_flags GTest::gmock GTest::gtest_main)
target_precompile_headers(surety_tests_headers PRIVATE ${standard_headers} <nlohmann/json.hpp> <gmock/gmock.h>
  <gtest/gtest.h>)

# surety_precompiled(TARGET FROM): FROM is folders or tests.
function(surety_precompiled target from)
  target_precompile_headers(${target} REUSE_FROM surety_${from}_headers)
endfunction()
