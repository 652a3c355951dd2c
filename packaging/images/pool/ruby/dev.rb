DEV = 'dev'
