# Flags for our own code. Libraries come in as SYSTEM, so warnings stay ours.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(surety_flags INTERFACE)
target_compile_options(surety_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wcast-qual -Wformat=2 -Werror
  -fstack-protector-strong -fstack-clash-protection -fcf-protection -pthread)
target_link_options(surety_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--gc-sections)
target_compile_options(surety_flags INTERFACE -ffunction-sections -fdata-sections)

# Code must report what it covers, or the fuzzer gropes in the dark.
if(SURETY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(SURETY_SANITIZE)
  add_compile_options(-fsanitize=${SURETY_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SURETY_SANITIZE})
  # Dozens of large programs, which GNU ld takes five times as long to link. What ships is
  # linked by the system's linker, as ever.
  add_link_options(-fuse-ld=lld)
  # Instrumented, g++ 12 takes moved values of the standard library for unset ones and
  # guarded pointers for null: https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105562. Other
  # builds keep the warnings.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized -Wno-nonnull)
  endif()
else()
  # _FORTIFY_SOURCE needs optimisation and does not mix with the sanitizers.
  target_compile_definitions(surety_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
