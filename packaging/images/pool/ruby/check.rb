CHECK = 'check'
