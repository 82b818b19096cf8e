# surety_embedded_text(TARGET FILE SYMBOL): compiles the text of FILE into TARGET as
#   namespace surety { extern const std::string_view SYMBOL; }
# Built anew when FILE changes.
function(surety_embedded_text target file symbol)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cc)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DOUTPUT=${generated} -DSYMBOL=${symbol}
      -P ${PROJECT_SOURCE_DIR}/cmake/write_embedded_text.cmake
    DEPENDS ${source} ${PROJECT_SOURCE_DIR}/cmake/write_embedded_text.cmake
    VERBATIM)
  # Every text has the same name for its bytes.
  set_property(SOURCE ${generated} PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE ${generated})
endfunction()
