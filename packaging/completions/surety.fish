# fish completion for surety(1). The tool itself says what there is.
function __surety_said
    string match --invert --regex '^-' (commandline -opc)[2..]
end
function __surety_words
    set -l said (__surety_said)
    set -l begin (string join ' ' surety $said)
    begin
        surety --help
        set -q said[1]; and echo "  "(surety $said --help 2>/dev/null)[1]
    end | string match --regex --groups-only "^  $begin ([a-z0-9|]+)" | string split '|'
end
function __surety_flags
    surety (__surety_said) --help 2>/dev/null | string match --all --regex -- '--[a-z][a-z0-9-]*'
end
complete -c surety -a '(__surety_words)'
complete -c surety -n 'string match -q -- "-*" (commandline -ct)' -a '(__surety_flags)'
