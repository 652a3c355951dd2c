COMMON = 'common'
