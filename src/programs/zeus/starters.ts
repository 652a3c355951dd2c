/** What `archon zeus init` writes for each language. */

export interface Starter {
	/** The program that zeus.json names. */
	readonly worker: string;
	readonly files: readonly (readonly [path: string, text: string])[];
}

const WORKERS = '/usr/share/archon/workers';

const starter = (program: string, worker: string, plan: string, text: string): Starter => ({
	worker: `${WORKERS}/${worker}`,
	files: [
		['zeus.json', `{
  "command": "${program} ${WORKERS}/${worker} ${plan}",
  "plan": {
    "boot": {
      "default_env": {
        "console": ["c"],
        "run": ["r"]
      },
      "test_env": {
        "test": ["t"]
      }
    }
  }
}
`],
		[plan, text],
	],
});

const PYTHON = `"""What the pool of this project loads: a function for each node and command of zeus.json."""
import sys


def boot():
    """What all need: import here what takes long."""


def default_env():
    """What console and run need besides."""


def test_env():
    """What tests need besides."""
    import unittest  # noqa: F401


def console():
    import code
    code.interact()


def run():
    import runpy
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name='__main__')


def test():
    import unittest
    unittest.main(module=None, argv=sys.argv)


def after_fork():
    """In each process but the first: connect again to what cannot be shared."""
`;

const RUBY = `# What the pool of this project loads: a method for each node and command of zeus.json.

# What all need: require here what takes long.
def boot
end

# What console and run need besides.
def default_env
end

# What tests need besides.
def test_env
  require 'minitest'
end

def console
  require 'irb'
  IRB.start
end

def run
  load ARGV.shift
end

def test
  ARGV.each { |path| load path }
  exit Minitest.run([])
end

# In each process but the first: connect again to what cannot be shared.
def after_fork
end
`;

export const STARTERS: ReadonlyMap<string, Starter> = new Map([
	['python', starter('python3', 'archon_worker.py', 'plan.py', PYTHON)],
	['ruby', starter('ruby', 'archon_worker.rb', 'plan.rb', RUBY)],
]);
