# What is installed, and the Debian package of it: `make package`.

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # The programs, not every test.
set(compressed ${CMAKE_BINARY_DIR}/package)

# Debian's manual pages and changelogs are compressed, without a time inside.
function(surety_compressed file name destination)
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
  file(MAKE_DIRECTORY ${compressed})
  execute_process(COMMAND gzip -9nc ${file} OUTPUT_FILE ${compressed}/${name}.gz
    COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  install(FILES ${compressed}/${name}.gz DESTINATION ${destination})
endfunction()

install(TARGETS suretyd RUNTIME DESTINATION sbin)
install(TARGETS surety workload-api-conformance RUNTIME DESTINATION bin)
install(FILES systemd/suretyd.service systemd/suretyd.socket systemd/suretyd-admin.socket
  DESTINATION /lib/systemd/system)
install(FILES systemd/surety.sysusers DESTINATION lib/sysusers.d RENAME surety.conf)
install(FILES packaging/suretyd.toml DESTINATION /etc/surety)
install(DIRECTORY DESTINATION /etc/surety/entries.d)
install(DIRECTORY DESTINATION /etc/surety/policies.d)
surety_compressed(man/suretyd.8 suretyd.8 share/man/man8)
surety_compressed(man/surety.1 surety.1 share/man/man1)
surety_compressed(man/workload-api-conformance.1 workload-api-conformance.1 share/man/man1)
surety_compressed(man/suretyd.toml.5 suretyd.toml.5 share/man/man5)
surety_compressed(CHANGELOG.md CHANGELOG.md share/doc/surety)
set(CPACK_PACKAGE_CONTACT "Surety <maintainers@surety.example>" CACHE STRING "Who makes the package")
configure_file(packaging/debian/changelog.in ${compressed}/changelog @ONLY)
surety_compressed(${compressed}/changelog changelog share/doc/surety)
install(FILES packaging/debian/copyright DESTINATION share/doc/surety)
install(FILES packaging/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME surety)
install(DIRECTORY docs/examples DESTINATION share/doc/surety PATTERN __pycache__ EXCLUDE)
install(FILES packaging/completions/surety.bash
  DESTINATION share/bash-completion/completions RENAME surety)
install(FILES packaging/completions/_surety DESTINATION share/zsh/vendor-completions)
install(FILES packaging/completions/surety.fish DESTINATION share/fish/vendor_completions.d)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME surety)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "workload identities for the processes of a host")
set(CPACK_PACKAGE_DESCRIPTION
  "suretyd serves the SPIFFE Workload API on a Unix socket. It gives each
process that an entry matches short-lived certificates and tokens of its
own, looks at it again at every rotation, and refuses and revokes once it
is no longer what it was.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd (>= 252)")
# For a CA's key in a token or a TPM: docs/keys.md.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libengine-pkcs11-openssl, tpm2-openssl")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles)
include(CPack)
