"""`/metrics`: what happens, as Prometheus reads it. `text` knows the format, `stored` reads rows,
`local` tells of this process, `view` answers those whom `access` lets.
"""
