#!/usr/bin/env ruby
# frozen_string_literal: true

# A pool's worker in Ruby: loads once, then forks a warm process for each node and command that archon asks for.
#
#     archon_worker.rb [PLAN.rb [ROOT]]
#
# PLAN.rb has a method for each node and command (`-` is written `_`); at its top stands what all need. Another master than archon
# does not tell what the root is called: then it is ROOT, or `boot`. `after_fork`, if it is there, runs first in every fork:
# reconnect there what cannot be shared. Texts of `items:` are run as those methods are. In a command ARGV is as typed; it ends as
# any Ruby program does.
#
# What is said here to the pool's master is docs/reference/pool-wire.md. Linux, Ruby 3.1 or later, nothing besides the standard library.
# Processes are forked: threads that a node starts do not live on in its forks.

require 'socket'

CAPABILITIES = %w[A D E].freeze
# Of a message; the master takes 64 KiB.
LONGEST_TEXT = 60_000
# The master hands a command over at once, or has gone.
HAND_OVER = 10
PATH_MAX = 4095
# The same on each machine that Linux runs on.
PIDFD_OPEN = 434

# Tells the master which files this node has read: each one once, and none that its parent has told.
class Features
  def initialize
    @told = {}
    @seen = $LOADED_FEATURES.size
    # Before it is run: of a file that fails too.
    TracePoint.new(:script_compiled) { |point| tell(point.instruction_sequence.path) if @pipe && !point.eval_script }.enable
    reads = method(:read)
    File.prepend(Module.new { define_method(:initialize) { |path, *rest, **how, &block| super(path, *rest, **how, &block); reads.(path, *rest) } })
    IO.singleton_class.prepend(Module.new do
      %i[read binread readlines foreach].each do |name|
        define_method(name) { |path, *rest, **how, &block| reads.(path); super(path, *rest, **how, &block) }
      end
    end)
  end

  # Makes the pipe, and gives the end to be read.
  def begin
    remote, @pipe = IO.pipe
    @pipe.sync = true
    remote
  end

  # What forks of a node read is their own matter.
  def end
    @pipe&.close
    @pipe = nil
  end

  # A file was opened; one that is written is no feature.
  def read(path, mode = 'r', *)
    tell(path) if @pipe && (mode.is_a?(Integer) ? mode & (File::WRONLY | File::RDWR) == 0 : mode.to_s !~ /[wa+]/)
  end

  # What was loaded otherwise, as compiled libraries.
  def loaded
    $LOADED_FEATURES.drop(@seen).each { |path| tell(path) }
    @seen = $LOADED_FEATURES.size
  end

  # Files that an error names: mending one of them is the way out.
  def failed(error)
    while error
      tell(error.message.b[/\A([^\n]+?):\d+:/, 1]) if error.is_a?(SyntaxError)
      users(error).each { |line| tell(line.b[/\A(.+?):\d+/, 1]) }
      error = error.cause
    end
    loaded
  end

  # An error would fail what the program does.
  def tell(path)
    return if path.nil? || path.is_a?(Integer)

    path = File.expand_path(path)
    # A link and what it leads to may both be changed.
    [path, File.realpath(path)].uniq.each do |name|
      next if @told[name] || !File.file?(name) || name.start_with?('/proc/', '/sys/', '/dev/')
      next if name.include?("\n") || name.bytesize > PATH_MAX

      @told[name] = true
      @pipe.syswrite("#{name}\n")
    end
  rescue SystemCallError, TypeError, ArgumentError
    nil
  end
end

# This process: a node, a runner, or a command. Each fork unwinds to the end of this file as what it is to be next.
class Worker
  def initialize(file = nil, root = '')
    @master = UNIXSocket.for_fd(Integer(ENV.delete('ZEUS_MASTER_FD')))
    @master.close_on_exec = true
    @said = CAPABILITIES & ENV.delete('ARCHON_ZEUS_CAPS').to_s.split(',')
    @file = file && File.expand_path(file)
    named = ENV.delete('ARCHON_ZEUS_ROOT').to_s
    @root = root.empty? ? named : root
    @code = Module.new
    @plan = Object.new.extend(@code)
    @features = Features.new
  end

  # A node: registers, loads, then forks what the master asks for. Gives what a fork is to be.
  def be_node(name = @root, parent = 0)
    title(name.empty? ? 'boot' : name)
    trap('INT', 'SYSTEM_DEFAULT')
    @node, remote = UNIXSocket.pair
    @unread = ''.b
    @master.send_io(remote)
    remote.close
    say("P:#{$$}:#{parent}:#{name}")
    say("K:#{@said.join(',')}") unless @said.empty?
    features = @features.begin
    @node.send_io(features)
    features.close
    item = @said.include?('A') ? self.item : ''
    begin
      parent == 0 ? load_plan : call('after_fork')
      act(name.empty? ? 'boot' : name, item)
    rescue Exception => e
      @features.failed(e)
      say("R:#{told(e)}")
      flush
      exit!(1)
    end
    @features.loaded
    say('R:OK')
    serve
  end

  # The command's parent: takes what the master hands over, and waits for the end. Gives what its fork is to be.
  def be_runner(name, item, node)
    title("run #{name}")
    Process.setsid
    command, remote = UNIXSocket.pair(:DGRAM)
    @node.send_io(remote)
    [remote, @node, @master].each(&:close)
    client, count = taken(command) { command.recv(256) }.delete("\0").split(':').map { |part| Integer(part) }
    arguments, stdio, stderr = Array.new(3) { taken(command) { command.recv_io } }
    environment = taken(command) { command.recv_io } if @said.include?('E')
    args = words(arguments).map { |word| word.force_encoding(Encoding.default_external) }
    variables = environment ? words(environment) : []
    if args.size != count
      stderr.syswrite("archon_worker: #{args.size} arguments came of #{count}\n")
      command.send("1\0", 0)
      exit!(1)
    end
    begin
      gone = process(client)
    rescue SystemCallError
      # Of another namespace, or gone already: the master sees its connection end.
      gone = nil
    end
    pid = fork
    if pid.nil?
      [command, gone].compact.each(&:close)
      return [:be_command, name, item, args, variables, stdio, stderr]
    end
    stdio.close
    stderr.close
    command.send("P:#{pid}:#{node}:\0", 0)
    ended = process(pid)
    until IO.select([ended, gone].compact)[0].include?(ended)
      Process.kill('KILL', pid)
      gone = nil
    end
    _, status = Process.wait2(pid)
    command.send("#{status.exitstatus || 128 + status.termsig}\0", 0)
    exit!(0)
  end

  private

  def load_plan
    return unless @file

    $LOAD_PATH.unshift(File.dirname(@file))
    load(@file, @code)
  end

  def serve
    children = {}
    item = ''
    loop do
      IO.select([@node, *children.keys])[0].each do |ready|
        if children[ready]
          pid = children.delete(ready)
          ready.close
          Process.wait(pid)
          say("D:#{pid}") if @said.include?('D')
          next
        end
        receive.each do |message|
          kind, name = message.split(':', 2)
          item = name if kind == 'A'
          next unless %w[S C].include?(kind)

          flush
          node = $$
          pid = fork
          if pid.nil?
            children.each_key(&:close)
            @features.end
            return [:be_runner, name, item, node] if kind == 'C'

            @node.close
            return [:be_node, name, node]
          end
          item = ''
          children[process(pid)] = pid
        end
      end
    end
  end

  def be_command(name, item, args, variables, stdio, stderr)
    title(name)
    trap('INT', 'DEFAULT')
    $stdin.reopen(stdio)
    $stdout.reopen(stdio)
    $stderr.reopen(stderr)
    $stdin.sync = true
    $stdout.sync = $stdout.tty?
    $stderr.sync = true
    [stdio, stderr].each(&:close)
    variables.each { |variable| ENV.store(*variable.split('='.b, 2)) }
    $PROGRAM_NAME = name
    ARGV.replace(args)
    call('after_fork')
    act(name, item) { abort("archon_worker: #{@file || 'the plan'} has no method #{method_of(name)}") }
  end

  # What the user wrote.

  def act(name, item, &block)
    item.empty? ? call(name, &block) : @plan.instance_eval(item, "<items: #{name}>")
  end

  def call(name)
    method = method_of(name)
    return @plan.send(method) if @code.method_defined?(method) || @code.private_method_defined?(method)

    yield if block_given?
  end

  def method_of(name) = name.tr('-', '_')

  # The wire.

  def say(message)
    @node.sendmsg("#{message.b.delete("\0".b)}\0")
  end

  # Waits for messages. When the master has gone, so does this process.
  def receive
    data = @node.recv(65_536)
    if data.nil? || data.empty?
      flush
      exit!(1)
    end
    *messages, @unread = (@unread + data).split("\0", -1)
    messages.reject(&:empty?).map { |message| message.force_encoding(Encoding::UTF_8) }
  end

  # The text that the master has for this node's action; empty without one.
  def item
    loop { receive.each { |message| return message[2..] if message.start_with?('A:') } }
  end

  def taken(command)
    IO.select([command], nil, nil, HAND_OVER) ? yield : exit!(1)
  end

  # What a descriptor holds until its end, in parts that end with NUL.
  def words(file)
    file.seek(0) if file.stat.file?
    # Whatever the locale is, these are bytes.
    file.binmode.read.split("\0".b, -1)[..-2]
  ensure
    file.close
  end

  # Readable once the process has ended.
  def process(pid) = IO.for_fd(syscall(PIDFD_OPEN, pid, 0))
end

# An error's trace without this file's part.
def users(error) = (error.backtrace || []).reject { |line| line.start_with?(__FILE__) }

# An error as it would be on stderr.
def told(error)
  error.set_backtrace(users(error))
  error.full_message(highlight: false).byteslice(-LONGEST_TEXT..) || error.full_message(highlight: false)
end

# The name in `ps`; the kernel keeps 15 bytes.
def title(name) = IO.write('/proc/self/comm', name)

def flush
  [$stdout, $stderr].each { |stream| stream.flush rescue nil }
end

abort('archon_worker: is started by a pool: command: ruby archon_worker.rb plan.rb') unless ENV['ZEUS_MASTER_FD']
worker = Worker.new(*ARGV.first(2))
be = [:be_node]
until be.first == :be_command
  begin
    be = worker.send(*be)
  rescue Errno::EPIPE, Errno::ECONNRESET, Errno::ECONNREFUSED
    # The master has gone.
    exit!(1)
  end
end
worker.send(*be)
