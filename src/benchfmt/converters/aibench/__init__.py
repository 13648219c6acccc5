"""AIBench (BenchCouncil), Edge AIBench and DAIBench: logs, tables and reports of third-party code, each as it is."""
