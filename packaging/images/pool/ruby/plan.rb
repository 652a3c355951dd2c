# frozen_string_literal: true

# A method for each node and command of zeus.json.
require 'io/console'
require 'base'

def after_fork
  @hooks = @hooks.to_i + 1
end

def seen = @seen ||= []

def boot = seen << 'boot'

def shared
  require 'common'
  seen << 'shared'
end

def development
  require 'dev'
  seen << 'development'
  # What a node reads long after its action is its own as well.
  trap('USR2') { File.read('settings.txt') }
end

def testing
  require 'check'
  seen << 'testing'
end

def echo
  ARGV.each { |word| puts "<#{word}>" }
  warn 'to stderr'
  $stdout.write($stdin.read)
end

def where = puts("#{$$} #{seen.join(',')} #{@hooks}")

def finish = exit(ARGV[0].to_i)

def hang
  puts $$
  $stdout.flush
  sleep 1000
end

def count_words = puts("#{ARGV.size} #{ARGV.sum(&:bytesize)}")

def console
  puts 'console'
  loop do
    print '>>> '
    line = $stdin.gets or break
    p eval(line)
  rescue Interrupt
    puts 'KeyboardInterrupt'
  end
end

def terminal = puts($stdout.tty? ? $stdout.winsize.join(' ') : 'no terminal')

def variable = ARGV.each { |name| puts ENV.fetch(name, 'unset') }

def suite = puts(['suite', *ARGV].join(' '))

def lonely = puts('lonely')
