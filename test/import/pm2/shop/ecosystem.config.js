// What runs in the shop's container.
module.exports = {
	apps: [
		{
			name: 'shop web', // a name with a blank
			script: 'dist/main.js',
			exec_mode: 'fork',
			env: {PORT: 3000, GREETING: `it's "here"`},
			exp_backoff_restart_delay: 100,
			time: true,
		},
		{
			name: 'tunnel',
			script: './bin/tunnel --to db:5432 | logger',
			treekill: false,
			uid: 'app', gid: 'app',
			'merge_logs': true,
		},
	],
	deploy: {production: {user: 'deploy', host: ['10.0.0.1'], 'post-deploy': 'npm ci'}},
};
