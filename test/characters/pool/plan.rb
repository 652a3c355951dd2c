# frozen_string_literal: true

# What the scenes of scenes.py ask for; plan.py is the same.
require 'lib1'

def after_fork
  @hooks = (@hooks || 0) + 1
end

def boot
  @value = "from boot #{X}"
end

def child
  require 'lib2'
  trap('USR2') { File.read('data.txt') }
end

def broken = require('bad')

def raises = raise('no lück')

def show
  ARGV.each { |word| puts "<#{word}>" }
  puts "#{@value} #{@hooks} #{Process.ppid == $$ ? 'False' : 'True'}"
  warn 'to stderr'
  $stdout.write($stdin.read)
  exit 7
end

def count_words = puts("#{ARGV.size} #{ARGV.sum(&:size)}")

def hang
  puts 'on'
  $stdout.flush
  sleep 1000
end

def unlucky = raise(Errno::EPIPE, 'mine')

def env = puts("#{ENV['COLOUR'] || 'None'} #{ENV.key?('ZEUS_MASTER_FD') ? 'True' : 'False'}")

def descriptors
  links = Dir.glob('/proc/self/fd/*').filter_map { |name| File.readlink(name) rescue nil }
  puts links.count { |link| link.start_with?('socket', 'pipe', 'anon_inode:[pidfd') }
end

def terminal = puts([$stdin, $stdout, $stderr].map { |stream| stream.tty? ? 'True' : 'False' }.join(' '))
